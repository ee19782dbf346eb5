/** What the pages ask the server. The session is a cookie of this host alone, so nothing here knows a token. */
import type { Problem } from '../../src/api/schemas/common.ts'

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  /** By the name of the field. */
  readonly errors: Readonly<Record<string, string>>

  constructor(status: number, { code, message, errors }: { code: string; message: string; errors?: Problem['errors'] }) {
    super(message)
    this.status = status
    this.code = code
    this.errors = errors ?? {}
  }
}

const listeners = new Set<(error: ApiError) => void>()

/** Is told each refusal, so that a session that has ended and a tenant that was suspended are noticed on every page. */
export function onRefusal(listener: (error: ApiError) => void): void {
  listeners.add(listener)
}

/** Fields without a value are left out. */
export function withQuery(path: string, values: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given as [string, string][])}`
}

/** @throws ApiError where the server refuses, or cannot be reached */
export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, signal === undefined ? {} : { signal })
}

/** @throws ApiError where the server refuses, or cannot be reached */
export function sendJson<T = undefined>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> {
  return ask<T>(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
}

async function ask<T>(path: string, options: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin', ...options })
  } catch (error) {
    if (options.signal?.aborted === true) throw error
    throw new ApiError(0, { code: 'NO_ANSWER', message: 'The server cannot be reached. Is the connection there?' })
  }
  return answerOf<T>(response.status, await response.text())
}

/** @throws ApiError for a status of 400 and above */
export function answerOf<T>(status: number, text: string): T {
  if (status >= 200 && status < 300) return (text === '' ? undefined : JSON.parse(text)) as T
  const error = new ApiError(status, problemOf(status, text))
  for (const listener of listeners) listener(error)
  throw error
}

function problemOf(status: number, text: string): { code: string; message: string; errors?: Problem['errors'] } {
  try {
    const { code, detail, title, message, errors } = JSON.parse(text) as Partial<Problem> & { message?: string }
    return { code: code ?? 'REFUSED', message: detail ?? message ?? title ?? `The server answered ${status}.`, errors }
  } catch {
    return { code: 'NO_PROBLEM', message: `The server answered ${status}.` }
  }
}
