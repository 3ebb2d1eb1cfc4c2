"""The figures an operator looks at each morning, one file per part of the installation."""
