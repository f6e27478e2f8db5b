"""What can be downloaded from the published site, used with tools that we did not write."""
