/** The routes of Better Auth, such as POST /api/auth/sign-in/email. */
import { api } from '../../../../server.ts'

export const GET = api.signIn
export const POST = api.signIn
