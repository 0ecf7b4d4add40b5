"""Views on true-millimetre paper.

`sheet` is what lies on a page, in millimetres and nothing else; `layouts`, `trace`, `beats` and `strips` say what goes
where; `page` puts a frame around it; `drawing` joins them per view. `svg` and `printing` write a sheet as SVG, PDF and
PNG: the same lines at the same places.
"""
