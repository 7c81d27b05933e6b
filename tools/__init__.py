"""Numbers, texts and times: plain Python that knows neither Odoo nor a database."""
