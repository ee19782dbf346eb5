import type { IncomingMessage, ServerResponse } from 'node:http'
import { All, Controller, Inject, Next, Req, Res } from '@nestjs/common'
import type { Auth } from './auth.ts'
import { AUTH } from './tokens.ts'

/** The routes of Better Auth, such as POST /api/auth/sign-in/email. */
@Controller('api/auth')
export class AuthController {
  constructor(@Inject(AUTH) private readonly auth: Auth) {}

  @All('*path')
  answer(@Req() req: IncomingMessage, @Res() res: ServerResponse, @Next() next: (error: unknown) => void): void {
    this.auth.node(req, res, next)
  }
}
