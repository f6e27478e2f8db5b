"""PAGE: pages, their URLs and parameters, and walks through lists that change."""
