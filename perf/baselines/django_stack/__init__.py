"""Another developer's stack, on Django: it runs in an environment of its own, and Matron never imports it."""
