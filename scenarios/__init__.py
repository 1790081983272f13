"""What shoppers do: store layouts, scripts of intentions, bodies and goods in motion, and the truth of it."""
