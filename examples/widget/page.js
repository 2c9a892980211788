/** The page says whose chat it is: here the demo's driver. Yours asks its own backend for a token of its user. */
import { signIn } from 'deskwire/client';

const { token } = await signIn({ url: location.origin, email: 'driver@example.com', password: 'deskwire-demo' });
document.querySelector('deskwire-chat').token = token;
