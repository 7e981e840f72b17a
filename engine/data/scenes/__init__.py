"""Images whose objects are known, cut into views with generated sentences."""
