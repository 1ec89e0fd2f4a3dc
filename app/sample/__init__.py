"""The sample territory: a maker of industrial pumps and its customers, for trying Doorstep out."""
