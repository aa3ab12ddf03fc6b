"""Side by side with other tools: the same work, the same loss curve, and then how long each takes."""
