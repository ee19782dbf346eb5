/** What the comment on a login's role says: the login belongs to one database of the server, and to one tenant. */

export interface LoginComment {
  readonly database: string
  readonly tenantId: string
  readonly name: string
  readonly shared: boolean
  readonly createdAt: string
}

export function writeComment(comment: LoginComment): string {
  return JSON.stringify({ partywall: 'login', ...comment })
}

/** undefined for a comment of another program. */
export function readComment(text: string | null): LoginComment | undefined {
  if (text === null || !text.startsWith('{"partywall":"login"')) return undefined
  try {
    const { database, tenantId, name, shared, createdAt } = JSON.parse(text) as Record<keyof LoginComment, unknown>
    const texts = [database, tenantId, name, createdAt]
    if (!texts.every((one) => typeof one === 'string') || Number.isNaN(Date.parse(createdAt as string))) return undefined
    return { database, tenantId, name, createdAt, shared: shared === true } as LoginComment
  } catch {
    return undefined
  }
}
