/**
 * Up to two letters that stand for a name, by what a reader takes for one letter: an emoji or a letter with its marks stays whole.
 *
 * @example
 * initialsOf('Ada Lovelace') // 'AL'
 */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._@-]+/u).filter((word) => word !== '')
  const ends = words.length > 1 ? [words[0]!, words.at(-1)!] : words
  return ends.map((word) => letter(word).toLocaleUpperCase()).join('') || '?'
}

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

function letter(word: string): string {
  for (const { segment } of letters.segment(word)) return segment
  return ''
}

/** A number below `count` that is always the same for the same text. */
export function hashOf(text: string, count: number): number {
  let hash = 0
  for (const char of text) hash = (hash * 31 + char.codePointAt(0)!) % 1_000_003
  return hash % count
}
