#!/bin/sh
# Makes the sample media of this folder with ffmpeg (Debian: apt-get install ffmpeg). Every file is a loop of 8 s.
set -eu
cd "$(dirname "$0")"

seconds=8
picture="-f lavfi -i testsrc2=size=320x240:rate=25:duration=$seconds -pix_fmt yuv420p"
# A low and a high tone that swell in turn, so that one hears that time goes on.
tone="-f lavfi -i aevalsrc=0.3*sin(2*PI*440*t)*sin(PI*t)^2+0.2*sin(2*PI*660*t)*cos(PI*t)^2:sample_rate=48000:duration=$seconds"
make() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }
# One thread and no dates or versions: the same ffmpeg makes the same files.
exact="-threads 1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1"
# A keyframe every two seconds, and no frame that refers to a later one.
vpx="-g 50 -b:v 150k -deadline realtime -cpu-used 8 -lag-in-frames 0 -auto-alt-ref 0 -error-resilient 1"
h264="-c:v libx264 -profile:v baseline -level 3.1 -preset medium -tune zerolatency -g 50 -b:v 150k -x264-params aud=1:sliced-threads=0:log-level=error"
h265="-c:v libx265 -preset medium -tune zerolatency -b:v 150k -x265-params keyint=50:bframes=0:aud=1:repeat-headers=1:info=0:pools=none:frame-threads=1:log-level=error"
av1="-c:v libaom-av1 -usage realtime -cpu-used 8 -g 50 -b:v 150k -lag-in-frames 0"
opus="-c:a libopus -b:a 48k -ac 2 -frame_duration 20"

make $picture $exact -c:v libvpx $vpx picture.vp8.ivf
# The same picture, small and large, with keyframes at the same places.
make $picture $exact -vf scale=160:120 -c:v libvpx $vpx -b:v 45k picture-low.vp8.ivf
make $picture $exact -vf scale=480:360 -c:v libvpx $vpx -b:v 240k picture-high.vp8.ivf
make $picture $exact -c:v libvpx-vp9 $vpx picture.vp9.ivf
make $picture $exact $h264 picture.h264
make $picture $exact $h265 picture.h265
make $picture $exact $av1 picture.av1.ivf
make -i picture.av1.ivf -c copy -f obu picture.av1.obu
make $tone $exact $opus tone.ogg
make $tone $exact -c:a pcm_mulaw -ar 8000 -ac 1 tone.pcmu.wav
make $tone $exact -c:a pcm_alaw -ar 8000 -ac 1 tone.pcma.wav
make -i picture.vp8.ivf -i tone.ogg $exact -c copy picture-and-tone.webm
make -framerate 25 -i picture.h264 -i tone.ogg $exact -c copy -movflags +faststart picture-and-tone.mp4
ls -l
