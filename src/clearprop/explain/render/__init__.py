"""An explanation as text, Markdown, LaTeX, HTML, JSON or Python."""
