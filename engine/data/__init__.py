"""What models learn from and are measured on.

`formats` reads data sets of sentences and masks, each as published, into `sample.ReferringSample`;
`scenes` makes views with generated sentences of images whose objects are known; `analyst` makes
samples of an analyst's own layers. `batch` and `referring` make batches, `audit` finds what is
wrong.
"""
