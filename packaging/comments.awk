# Doxygen's filter: turns the headers' plain comments into the kinds that it reads. A comment before a declaration or at
# the top of a file describes what follows, one behind a declaration describes that.
function escaped(words) {
  gsub(/[\\@<>&#%"]/, "\\\\&", words)
  return words
}
{
  at = match($0, /(^|[^:"])\/\//)
  if (at == 0) { print; behind = 0; first = 0; next }
  if (substr($0, at, 2) != "//") at++
  code = substr($0, 1, at - 1)
  words = escaped(substr($0, at + 2))
  if (code ~ /^[ \t]*$/) {
    if (NR == 1) { print "/// \\file" ; first = 1 }
    print code (behind == at ? "///<" : "///") words
  } else if (code ~ /[;,{(]?[ \t]*$/ && code !~ /^#/ && code !~ /^}/) {
    print code "///<" words
    behind = at
  } else {
    print code
  }
}
