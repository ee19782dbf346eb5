/** Names that are written with the schema public in front, anywhere in a text: also inside of strings and bodies of functions. */

const qualifiedName = /(?<![\w$."])"?public"?\s*\.\s*(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))/gi

/** The names behind `public.` in a text, each once. */
export function namesOfPublic(text: string): string[] {
  const names = [...text.matchAll(qualifiedName)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.toLowerCase(),
  )
  return [...new Set(names)]
}

/** `public.` in a text that is a statement, or a part of one. */
export interface PublicPrefix {
  readonly start: number
  /** The end of the dot, and of the white space behind it. */
  readonly end: number
  readonly name: string | undefined
  /** The text ends with the name, or `%` of a format follows: the name may go on. */
  readonly isCut: boolean
}

/** @param isEnd nothing follows the text */
export function publicPrefixes(text: string, isEnd = true): PublicPrefix[] {
  return [...text.matchAll(/(?<![\w$."])(?:public|"public")\s*\.\s*/gi)].map(({ 0: prefix, index }) => {
    const end = index + prefix.length
    const after = text.slice(end)
    const [, quoted, plain] = /^(?:"((?:[^"]|"")+)"|([a-z_\u0080-\uffff][\w$\u0080-\uffff]*))/i.exec(after) ?? []
    const isCut = /^(?:"[^"]*%[^"]*"|"[^"]*$|[\w$]*%|$)/.test(after) || (!isEnd && /^[\w$]*$/.test(after))
    return { start: index, end, name: quoted?.replaceAll('""', '"') ?? plain?.toLowerCase(), isCut }
  })
}

/** The name in a string such as `'public.name'` or `'"public"."name"'`; undefined for a string that holds anything else. */
export function soleNameOfPublic(string: string): string | undefined {
  const isSole = /^\s*(?:public|"public")\s*\.\s*(?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)\s*(?:\([^)]*\))?\s*$/i
  return isSole.test(string) ? publicPrefixes(string)[0]?.name : undefined
}
