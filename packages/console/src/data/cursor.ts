/** Where a page of a list begins: behind a row, or in front of one. It says a position and nothing else, so a forged one leads to another page of the same list. */
import * as z from 'zod'
import { Refusal } from './refusal.ts'

export interface Cursor {
  readonly direction: 'after' | 'before'
  /** The row is among those in which the sorted column is null. They come last. */
  readonly isNull: boolean
  /** The value of the sorted column. Absent: it is too long, and is looked up by the key. */
  readonly value?: string
  readonly key: readonly string[]
}

const schema = z.tuple([z.enum(['a', 'b']), z.boolean(), z.string().nullable(), z.array(z.string()).min(1).max(32)])

export function writeCursor({ direction, isNull, value, key }: Cursor): string {
  return Buffer.from(JSON.stringify([direction === 'after' ? 'a' : 'b', isNull, value ?? null, key])).toString('base64url')
}

/** @throws Refusal BAD_CURSOR */
export function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined || text === '') return undefined
  try {
    const [direction, isNull, value, key] = schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()))
    if ([value ?? '', ...key].some((part) => part.includes('\0'))) throw badCursor()
    return { direction: direction === 'a' ? 'after' : 'before', isNull, ...(value !== null && { value }), key }
  } catch {
    throw badCursor()
  }
}

export function badCursor(): Refusal {
  return new Refusal('BAD_CURSOR', 'The place in the list that this address names cannot be read. Begin with the first page.')
}
