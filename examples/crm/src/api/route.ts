/** A route of the API: where it is, who may call it, what it takes and answers. The router and the OpenAPI document are both made of it. */
import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { Permission } from './schemas/session.ts'

/** Who may call a route. There is no default: a route without a rule is refused. */
export type Rule = 'anyone' | 'member' | { readonly can: Permission }

export interface RouteInput<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly req: Request
  readonly res: Response
}

interface RouteParts {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  /** As Express writes it: `/api/customers/:id`. */
  readonly path: `/api/${string}`
  /** At the public site, or at the host of a tenant. */
  readonly side: 'shared' | 'tenant'
  readonly rule: Rule
  readonly summary: string
  /** @default 200; 204 without an answer */
  readonly status?: number
  /** What the body is, where it is not JSON: the handler reads the request itself. */
  readonly upload?: string
}

export interface ApiRoute extends RouteParts {
  readonly params?: z.ZodType | undefined
  readonly query?: z.ZodType | undefined
  readonly body?: z.ZodType | undefined
  readonly answer?: z.ZodType | undefined
  /** Its result is sent as JSON, through the schema of the answer: a column that the schema does not have never leaves. Without a schema the handler answers itself, or nothing is sent. */
  readonly handle: (input: RouteInput<any, any, any>) => unknown
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined

/** Types the handler by the schemas. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  given: RouteParts & {
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    readonly answer?: z.ZodType
    readonly handle: (input: RouteInput<Output<P>, Output<Q>, Output<B>>) => unknown
  },
): ApiRoute {
  return given
}
