"""The Studio's HTTP routes, one file per kind of thing. None of them touches a tensor."""
