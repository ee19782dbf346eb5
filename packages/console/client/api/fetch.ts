/** Requests to the API of the console. Paths are relative to <base>: `api/tenants`. */

/** What the server refused, for people. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  /** All that the problem document holds. */
  readonly problem: Readonly<Record<string, unknown>>

  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    super(textOf(problem['detail']) ?? `The server answered with the status ${status}.`)
    this.status = status
    this.code = textOf(problem['code']) ?? 'NO_ANSWER'
    this.title = textOf(problem['title']) ?? 'It did not work'
    this.problem = problem
  }
}

export function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, { method: 'GET', ...(signal !== undefined && { signal }) })
}

/** @returns undefined where the answer has no body */
export function sendJson<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  return ask<T>(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { credentials: 'same-origin', ...init })
  const text = await response.text()
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
  throw new ApiError(response.status, problemOf(text))
}

function problemOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
