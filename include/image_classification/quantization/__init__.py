"""An int8 form of a trained model, and the decision whether it may answer."""
