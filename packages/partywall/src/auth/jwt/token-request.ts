/** The token of a request: that of `Authorization: Bearer …`, in the forms of Node.js and of fetch. */

export interface TokenRequest {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
}

/** Undefined where the request has none, or more than one. */
export function bearerOf({ headers }: TokenRequest): string | undefined {
  const value = headers instanceof Headers ? headers.get('authorization') : headers['authorization']
  return typeof value === 'string' ? /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(value)?.[1] : undefined
}
