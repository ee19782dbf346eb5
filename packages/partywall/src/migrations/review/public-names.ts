/** Names that are written with the schema public in front, anywhere in a text: also inside of strings and bodies of functions. */

const qualifiedName = /(?<![\w$."])"?public"?\s*\.\s*(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))/gi

/** The names behind `public.` in a text, each once. */
export function namesOfPublic(text: string): string[] {
  const names = [...text.matchAll(qualifiedName)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.toLowerCase(),
  )
  return [...new Set(names)]
}

/** The name in a string such as `'public.name'` or `'"public"."name"'`; undefined for a string that holds anything else. */
export function soleNameOfPublic(string: string): string | undefined {
  const content = string.replace(/^(?:'|\$\w*\$)/, '').replace(/(?:'|\$\w*\$)$/, '')
  const [name] = namesOfPublic(content)
  return /^\s*"?public"?\s*\.\s*(?:"[^"]+"|[\w$]+)\s*$/i.test(content) ? name : undefined
}
