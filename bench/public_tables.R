# Writes the data frames and matrices of R's own packages as CSV files, as users write them: with row numbers in a column
# without a name, without them, or with semicolons and decimal commas. Input of public_tables.py.
# example: Rscript bench/public_tables.R ~/tables datasets mlbench MASS cluster rpart survival boot carData
words <- commandArgs(trailingOnly = TRUE)
folder <- words[1]
dir.create(folder, showWarnings = FALSE)
written <- 0
for (package in words[-1]) {
  names <- unique(sub(" .*$", "", data(package = package)$results[, "Item"]))
  for (name in names) {
    place <- new.env()
    suppressWarnings(try(data(list = name, package = package, envir = place), silent = TRUE))
    table <- place[[name]]
    if (!(is.data.frame(table) || is.matrix(table)) || nrow(table) < 10 || ncol(table) < 2) next
    written <- written + 1
    file <- file.path(folder, sprintf("%s-%s.csv", package, gsub("[^A-Za-z0-9]", "_", name)))
    if (written %% 3 == 0) write.csv(table, file, row.names = FALSE)
    else if (written %% 7 == 0) write.csv2(table, file)
    else write.csv(table, file)
  }
}
