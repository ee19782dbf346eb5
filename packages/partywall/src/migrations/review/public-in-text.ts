/** Names of the schema public inside of strings: in the body of a function, or handed to `nextval`. */

const mention = /(?<![\w$."])"?public"?\s*\.\s*(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))/gi

/** The names that are written with `public.` in front anywhere in the text. */
export function mentionedOfPublic(text: string): string[] {
  return [...text.matchAll(mention)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.toLowerCase())
}

/** The name of `'public.name'` and `'"public"."name"'`; undefined for a string that says more. */
export function wholeNameOfPublic(string: string): string | undefined {
  const content = string.replace(/^(?:'|\$\w*\$)/, '').replace(/(?:'|\$\w*\$)$/, '')
  const [name, second] = mentionedOfPublic(content)
  return second === undefined && /^\s*"?public"?\s*\.\s*(?:"[^"]+"|[\w$]+)\s*$/i.test(content) ? name : undefined
}
