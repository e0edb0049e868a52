/**
 * An address, or a text with addresses in it, as others may see it: without user name and password. Cameras carry theirs
 * in the RTSP address, ffmpeg repeats it in every error, and a camera's state is a retained message.
 * What ffmpeg takes for them ends at the last @ before the path.
 */
export const withoutSecrets = (text: string): string => text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, '$1')
