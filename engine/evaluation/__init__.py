"""How good a model is: metrics and reports.

`comparison.compare` makes one prediction a sample with `segmentation.segment`, the whole image as
one view; `evaluate` hands each to whatever counts, and keeps numbers only. Masks stay for the
candidates of the contact sheet (as RLE) and for one image at a time in `right_class`, whose
samples therefore follow each other. A `protocols.Protocol` is data: how Pr@X counts, what the IoU
of an empty union is, whether ignored pixels count, and at which side masks are compared. The LAVT
family compares at its network's size: there the stored probability is resized bilinearly and then
thresholded, as its networks do with their scores, and the truth takes the nearest pixel. The model
sees the image at its own size in every protocol. `report.report` is the JSON; Markdown and the
terminal's lines are made of it alone.
"""
