"""The downloads of the published site, used with third-party tools."""
