"""Another developer's stack, on FastAPI: it runs in an environment of its own, and Matron never imports it."""
