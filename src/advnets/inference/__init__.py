"""Learned inference, p(z | x), for any finished run: encoders trained after G, their worth, their uses."""
