"""The figures that README quotes, measured on the machine at hand: one module per claim, each gives name -> figure."""
