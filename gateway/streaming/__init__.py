"""How a subscription is carried: over a WebSocket, or as Server-Sent Events. ``gateway.feed`` is the way in."""
