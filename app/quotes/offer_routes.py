"""What a customer who follows a link can see and do; no sign-in."""
