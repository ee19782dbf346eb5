/** Names as PostgreSQL prints them, and keys of objects. */
import { identifier } from '../../names/identifier.ts'

/** The parts of a printed name: `public."Order"` has two. What is behind it, such as the arguments of a function, is left out. */
export function partsOfName(printed: string): readonly string[] {
  const parts: string[] = []
  const part = /"((?:[^"]|"")*)"|([^".(]+)/gy
  for (let found = part.exec(printed); found !== null; found = part.exec(printed)) {
    parts.push(found[1]?.replaceAll('""', '"') ?? found[2]!)
    if (printed[part.lastIndex] !== '.') break
    part.lastIndex += 1
  }
  return parts
}

/** The name of an object of the same schema; undefined for one of another. */
export function ownName(printed: string): string | undefined {
  const parts = partsOfName(printed)
  return parts.length === 1 ? parts[0] : undefined
}

/** A function without its arguments: `public.add(integer)` is `"public"."add"`. */
export function withoutArguments(printed: string): string {
  return partsOfName(printed).map(identifier).join('.')
}

/** The key of an object, as `Need` has it. PostgreSQL writes JSON with a space behind each comma. */
export function keyOf(...parts: readonly string[]): string {
  return `[${parts.map((part) => JSON.stringify(part)).join(', ')}]`
}
