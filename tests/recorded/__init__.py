"""What twenty commands write, recorded at revision 471d4ab."""
