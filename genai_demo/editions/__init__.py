"""What is made from the features beside the page: recordings."""
