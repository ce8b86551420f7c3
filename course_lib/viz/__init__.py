"""Everything that is drawn: figures, live plots, widgets."""
