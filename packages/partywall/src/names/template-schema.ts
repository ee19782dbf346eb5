/** How the schema of a template is called. No tenant can be given such a name. */
import { createHash } from 'node:crypto'

export const templatePrefix = 'partywall_template_'

/** The schema of the template of a kind; or, with a name, of a template that was saved from a tenant. */
export function templateSchema(kind: string, name: string | null): string {
  const plain = name === null ? kind : `${savedMark}${name}`
  const isPlain = /^[a-z0-9_-]{1,44}$/.test(plain) && (name !== null || !kind.startsWith(savedMark))
  const ending = isPlain
    ? plain
    : createHash('sha256')
        .update(JSON.stringify([kind, name]))
        .digest('hex')
        .slice(0, 40)
  return `${templatePrefix}${ending}`
}

const savedMark = 'saved_'
