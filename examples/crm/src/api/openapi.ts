/** The OpenAPI document of one side of the API, made from its routes. */
import type { z } from 'zod'
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi'
import { problem } from './schemas/common.ts'
import type { ApiRoute } from './route.ts'

export function openApiOf(side: ApiRoute['side'], routes: readonly ApiRoute[]) {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const route of routes.filter((each) => each.side === side)) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    ;(paths[path] ??= {})[route.method] = operationOf(route)
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: side === 'tenant' ? 'CRM of a tenant' : 'CRM, the public site',
      version: '1.0.0',
      description: 'Made from the schemas that the server checks with.',
    },
    paths: paths as ZodOpenApiPathsObject,
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'better-auth.session_token',
          description: 'From POST /api/auth/sign-in/email, for this host alone.',
        },
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'From POST /api/tokens, for this tenant alone.',
        },
      },
    },
  })
}

function operationOf({
  params,
  query,
  body,
  answer,
  rule,
  status,
  summary,
  upload,
  method,
  path,
}: ApiRoute): ZodOpenApiOperationObject {
  const name = path.replace('/api/', '').replaceAll(/[/:.-]+(\w)/g, (_, letter: string) => letter.toUpperCase())
  const content =
    upload === undefined
      ? undefined
      : {
          'multipart/form-data': {
            schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, description: upload } as const,
          },
        }
  return {
    operationId: `${method}${name[0]!.toUpperCase()}${name.slice(1)}`,
    summary,
    ...(typeof rule === 'object' && { description: `Needs the permission \`${rule.can}\`.` }),
    security: rule === 'anyone' ? [] : [{ session: [] }, { token: [] }],
    requestParams: {
      ...(params !== undefined && { path: params as z.ZodObject }),
      ...(query !== undefined && { query: query as z.ZodObject }),
    },
    ...(body !== undefined && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: {
      [String(status ?? (answer === undefined ? 204 : 200))]: {
        description: 'Done',
        ...(answer !== undefined && { content: { 'application/json': { schema: answer } } }),
      },
      default: { description: 'A problem', content: { 'application/problem+json': { schema: problem } } },
    },
  }
}
