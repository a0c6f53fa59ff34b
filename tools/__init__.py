"""What writes or checks files of the project: the README, the examples, the chart and its documentation."""
