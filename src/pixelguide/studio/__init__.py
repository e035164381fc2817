"""The Studio: paint the label map in the browser, see the photo follow."""
