/** The candidate that is most similar to `text`, or undefined when none is similar. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(text.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && isSimilar(text, best.candidate, best.distance) ? best.candidate : undefined
}

/** Two words of two letters that differ in both have nothing in common. */
function isSimilar(text: string, candidate: string, distance: number): boolean {
  const longest = Math.max(text.length, candidate.length)
  return distance < longest && distance <= Math.max(2, Math.floor(text.length / 3))
}

/** Levenshtein distance: the fewest insertions, deletions and replacements of one letter. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, replaced))
    }
    previous = current
  }
  return previous[b.length]!
}
