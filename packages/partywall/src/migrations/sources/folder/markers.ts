/** The markers of partywall in a SQL file: `-- partywall: down` and others, each alone on a line. What is nearly one is a mistake. */
import { nearest } from '../../../nearest.ts'
import type { CommentLine } from './comments.ts'

const markers = ['down', 'no-transaction', 'shared-objects'] as const

export type Marker = (typeof markers)[number]

/** The marker of a comment, or why it is refused as one; undefined for a comment that is no marker. */
export function markerIn({ text, isBlock, isAlone }: CommentLine): { marker: Marker } | { problem: string } | undefined {
  const exact = isBlock ? undefined : /^\s*partywall:(.*)$/i.exec(text)?.[1]?.trim().toLowerCase()
  const marker = markers.find((known) => known === exact)
  if (marker !== undefined && isAlone) return { marker }
  const meant = marker ?? nearMiss(text)
  if (meant !== undefined) {
    return {
      problem:
        `\`${shown(text)}\`, which is no marker as it is written. Did you mean \`-- partywall: ${meant}\`? It must be the whole line, ` +
        'in a comment that starts with two dashes.',
    }
  }
  if (exact === undefined) return undefined
  return { problem: `the unknown marker \`-- partywall: ${exact.slice(0, 60)}\`. ${theKnown}` }
}

const theKnown = `The known markers are ${markers.map((marker) => `\`-- partywall: ${marker}\``).join(', ')}.`

/** The marker that a comment means which begins with a word like "partywall". */
function nearMiss(text: string): Marker | undefined {
  const [first = '', second = '', ...others] = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const rest = isOwnName(first) ? [second, ...others] : isOwnName(first + second) ? others : undefined
  if (rest === undefined || rest[0] === undefined || rest[0] === '') return undefined
  const hasColon = /^[^\p{L}\p{N}]*[\p{L}\p{N}]+(?:[\s_-]?[\p{L}\p{N}]+)?\s*[:：]/u.test(text)
  // Without the colon, it may be a sentence about partywall.
  if (!hasColon && rest.length > mostWords) return undefined
  const words = hasColon ? rest : rest.filter((word) => knownWords.has(word))
  const meant =
    markers.find((marker) => isNear(words, marker)) ?? (words.some((word) => backWords.has(word)) ? 'down' : undefined)
  return meant ?? (rest.length === 1 ? nearestMarker(rest[0]) : undefined)
}

function isNear(words: readonly string[], marker: Marker): boolean {
  const length = marker.split('-').length
  return [length, 1].some((count) => nearestMarker(words.slice(0, count).join('-')) === marker)
}

function nearestMarker(word: string): Marker | undefined {
  const found = nearest(word, markers)
  return markers.find((marker) => marker === found)
}

function isOwnName(word: string): boolean {
  return word.length > 6 && word.length < 12 && nearest(word, ['partywall']) !== undefined
}

function shown(text: string): string {
  return text.trim().slice(0, 60)
}

const mostWords = 4
const knownWords = new Set(['down', 'no', 'transaction', 'notransaction', 'shared', 'objects', 'undo', 'rollback', 'revert'])
const backWords = new Set(['undo', 'rollback', 'revert', 'downs'])
