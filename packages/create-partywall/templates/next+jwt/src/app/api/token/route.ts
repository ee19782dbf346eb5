import { api } from '../../../server.ts'

export const POST = api.signIn
