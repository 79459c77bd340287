"""The files of a trained model: names, parameters, class names and the int8 decision."""
