import { Body, Controller, HttpCode, Inject, Post, UnauthorizedException } from '@nestjs/common'
import type { TokenPair } from 'partywall/jwt'
import type { Auth } from './auth.ts'
import { AUTH } from './tokens.ts'

@Controller('api/token')
export class AuthController {
  constructor(@Inject(AUTH) private readonly auth: Auth) {}

  @Post()
  @HttpCode(200)
  async signIn(@Body() body: unknown): Promise<TokenPair> {
    const tokens = await this.auth.signIn(body)
    if (tokens === undefined) throw new UnauthorizedException('The address or the password is wrong.')
    return tokens
  }

  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() body: unknown): Promise<TokenPair> {
    return this.auth.refresh(body)
  }
}
